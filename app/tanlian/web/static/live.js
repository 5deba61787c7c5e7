// Lets the part of a page that shows the chain ask for itself anew with each block, also after a cut.
const PAUSES = [1000, 2000, 4000, 8000]; // ms before a lost stream is opened again; the last for ever
const AGAIN = 4000; // ms before a page that the server could not give is asked for again

const part = () => document.querySelector("[data-follows]");

function refresh() {
  if (part()) window.htmx.trigger(part(), "block");
}

function follow(address, failures) {
  let failed = failures;
  const stream = new EventSource(address);
  stream.addEventListener("open", () => { failed = 0; });
  stream.addEventListener("block", refresh);
  stream.addEventListener("error", () => {
    // a connection that broke is tried again by the browser itself; an answer that is no stream is not
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, PAUSES[Math.min(failed, PAUSES.length - 1)], address, failed + 1);
  });
}

function asked(event) {
  const refused = event.detail.xhr.status;
  const isOurs = event.detail.elt === part();
  if (isOurs && (refused === 0 || refused >= 500)) setTimeout(refresh, AGAIN);
}

document.body.addEventListener("htmx:responseError", asked);
document.body.addEventListener("htmx:sendError", asked);
if (part()) follow(part().dataset.follows, 0);

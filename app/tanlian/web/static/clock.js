// Counts down to the end of a stage, by the chain's time as the page was made; asks for the page after it.
let market = null;
let zero = -Infinity; // the chain's time when this page's own clock stood at zero; it is never late again
let ending = null;
let patience = 1; // seconds after the end in which no new page came

const own = () => Math.floor(performance.now() / 1000);
const two = (number) => String(number).padStart(2, "0");

function shown(seconds) {
  const days = Math.floor(seconds / 86400);
  const [h, m, s] = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  return `${days ? `${days} d ` : ""}${two(h)}:${two(m)}:${two(s)}`;
}

function tick() {
  const here = document.getElementById("market");
  const clock = here && here.querySelector("[data-until]");
  if (!clock) return;
  if (here !== market) { // another page, or the same with newer data
    market = here;
    zero = Math.max(zero, Number(clock.dataset.now) - own());
  }
  if (clock.dataset.until !== ending) {
    ending = clock.dataset.until;
    patience = 1;
  }
  const left = Number(ending) - own() - zero;
  const words = left > 0 ? shown(left) : clock.dataset.over;
  if (clock.textContent !== words) clock.textContent = words;
  if (left <= -patience) {
    patience = 2 * patience + 1;
    window.htmx.trigger(here, "clock");
  }
}

setInterval(tick, 1000);
document.body.addEventListener("htmx:afterSwap", tick);
tick();

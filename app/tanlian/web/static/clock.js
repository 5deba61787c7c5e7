// Counts down to the end of a stage, by the chain's time as the page was made; asks for the page at zero.
let market = null;
let ahead = 0; // seconds that the chain's clock is ahead of this browser's

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
    ahead = Number(clock.dataset.now) - Math.floor(Date.now() / 1000);
  }
  const left = Number(clock.dataset.until) - Math.floor(Date.now() / 1000) - ahead;
  clock.textContent = shown(Math.max(left, 0));
  if (left === 0) window.htmx.trigger(here, "clock");
}

setInterval(tick, 1000);
document.body.addEventListener("htmx:afterSwap", tick);
tick();

// Shows the SHA-256 of a chosen file before anything is sent: what goes on chain, calculated here.
async function show(input) {
  const said = document.getElementById(input.dataset.hash);
  const [file] = input.files;
  const tooLarge = Boolean(file) && file.size > Number(input.dataset.most);
  said.hidden = true;
  said.nextElementSibling.hidden = !tooLarge;
  if (!file || tooLarge || !window.crypto.subtle) return; // no subtle: plain HTTP beyond this machine
  const digest = new Uint8Array(await window.crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  if (input.files[0] !== file) return; // another one was chosen meanwhile
  said.querySelector("code").textContent = Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
  said.hidden = false;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][data-hash]")) show(event.target);
});

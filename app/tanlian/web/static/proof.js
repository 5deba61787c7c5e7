// Checks the proof of a certificate in the reader's browser: receipt, block, seals, event.
// Nothing is taken from the page but what is compared at the end.
import { keccak_256 } from "./vendor/@noble/hashes/sha3.js";
import { recoverPublicKey } from "./vendor/@noble/secp256k1/index.js";

const EVENT = "UnitsRetired(uint256,uint256,uint256,uint256,uint256,uint256,bytes32,address)";
const QBFT_MARK = "63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365";
const FIELD = { receiptsRoot: 5, number: 8, timestamp: 11, extra: 12, mix: 13 };

class Refused extends Error {}

function refuse(condition, sentence) {
  if (condition) throw new Refused(sentence);
}

// -- bytes ----------------------------------------------------------------------------------------

const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function fromHex(text) {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  refuse(digits.length % 2 || /[^0-9a-f]/i.test(digits), "not hexadecimal");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

const toNumber = (bytes) => (bytes.length ? BigInt("0x" + toHex(bytes)) : 0n);

function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const keccak = (bytes) => toHex(keccak_256(bytes));

// -- RLP ------------------------------------------------------------------------------------------

export function decode(bytes) {
  const [value, end] = item(bytes, 0);
  refuse(end !== bytes.length, "bytes left over");
  return value;
}

function item(bytes, at) {
  refuse(at >= bytes.length, "ends too early");
  const first = bytes[at];
  if (first < 0x80) return [bytes.slice(at, at + 1), at + 1];
  const isList = first >= 0xc0;
  const short = first - (isList ? 0xc0 : 0x80);
  let start = at + 1, length = short;
  if (short > 55) {
    start += short - 55;
    length = Number(toNumber(bytes.slice(at + 1, start)));
  }
  const end = start + length;
  refuse(end > bytes.length, "ends too early");
  if (!isList) return [bytes.slice(start, end), end];
  const values = [];
  while (start < end) {
    const [value, next] = item(bytes, start);
    refuse(next > end, "a part is longer than the whole");
    values.push(value);
    start = next;
  }
  return [values, end];
}

export function encode(value) {
  if (Array.isArray(value)) {
    const body = joined(value.map(encode));
    return joined([lengthOf(body.length, 0xc0), body]);
  }
  if (value.length === 1 && value[0] < 0x80) return value;
  return joined([lengthOf(value.length, 0x80), value]);
}

function lengthOf(length, offset) {
  if (length < 56) return Uint8Array.of(offset + length);
  let digits = length.toString(16);
  if (digits.length % 2) digits = "0" + digits;
  const bytes = fromHex(digits);
  return joined([Uint8Array.of(offset + 55 + bytes.length), bytes]);
}

// -- the steps ------------------------------------------------------------------------------------

export function readHeader(raw) {
  const fields = decode(raw);
  refuse(fields.length < 15 || toHex(fields[FIELD.mix]) !== QBFT_MARK, "no header of a QBFT chain");
  const [vanity, validators, vote, round, seals] = decode(fields[FIELD.extra]);
  const hashed = (turn) => {
    const changed = [...fields];
    changed[FIELD.extra] = encode([vanity, validators, vote, turn, []]);
    return keccak_256(encode(changed));
  };
  const signed = hashed(round);
  return {
    number: toNumber(fields[FIELD.number]),
    timestamp: Number(toNumber(fields[FIELD.timestamp])),
    receiptsRoot: toHex(fields[FIELD.receiptsRoot]),
    hash: toHex(hashed(new Uint8Array())),
    sealers: [...new Set(seals.map((seal) => signerOf(signed, seal)))],
  };
}

function signerOf(digest, seal) {
  refuse(seal.length !== 65, "a seal has the wrong length");
  const turned = joined([seal.slice(64), seal.slice(0, 64)]);
  const key = recoverPublicKey(turned, digest, { prehash: false, isCompressed: false });
  return "0x" + toHex(keccak_256(key.slice(1)).slice(12));
}

export function receiptOf(root, index, nodes) {
  let path = nibbles(encode(index ? fromHex(evenHex(index)) : new Uint8Array()));
  let expected = root, left = [...nodes];
  for (;;) {
    let node = expected;
    if (!Array.isArray(node)) {
      refuse(!left.length, "the path ends too early");
      const raw = left.shift();
      refuse(keccak(raw) !== (typeof expected === "string" ? expected : toHex(expected)),
        "a node does not have its hash");
      node = decode(raw);
    }
    if (node.length === 17) {
      if (!path.length) return last(node[16], left);
      expected = node[path[0]];
      path = path.slice(1);
    } else {
      refuse(node.length !== 2, "a node has no known form");
      const [part, isLeaf] = partial(node[0]);
      refuse(part.some((half, at) => path[at] !== half) || (isLeaf && part.length !== path.length),
        "the path leads to another receipt");
      if (isLeaf) return last(node[1], left);
      expected = node[1];
      path = path.slice(part.length);
    }
    refuse(!expected.length, "the block has no such receipt");
  }
}

const evenHex = (number) => {
  const digits = number.toString(16);
  return digits.length % 2 ? "0" + digits : digits;
};
const nibbles = (bytes) => Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 15]);

function partial(encoded) {
  const halves = nibbles(encoded);
  return [halves.slice(halves[0] & 1 ? 1 : 2), halves[0] >= 2];
}

function last(value, left) {
  refuse(left.length, "nodes are left over");
  return value;
}

export function logsOf(receipt) {
  const [status, , , logs] = decode(receipt[0] < 0x80 ? receipt.slice(1) : receipt);
  refuse(toHex(status) !== "01", "the transaction failed");
  return logs.map(([address, topics, data]) => ({
    address: "0x" + toHex(address), topics: topics.map(toHex), data,
  }));
}

export function certificateIn(logs, ledger, certificate) {
  const topic = keccak(new TextEncoder().encode(EVENT));
  for (const log of logs) {
    if (log.address !== ledger.toLowerCase() || log.topics[0] !== topic) continue;
    const [token, organisation, id] = log.topics.slice(1).map((text) => BigInt("0x" + text));
    if (id !== certificate) continue;
    const word = (at) => log.data.slice(32 * at, 32 * at + 32);
    return {
      certificate: id, token, organisation,
      first: toNumber(word(0)), amount: toNumber(word(1)), purpose: toNumber(word(2)),
      reference: "0x" + toHex(word(3)),
    };
  }
  throw new Refused("the ledger said nothing of this certificate in this transaction");
}

// Yields [name of the step, facts of it]; throws at the first step that does not hold.
export function* steps(bundle, certificate, trust) {
  const { header: place, index, nodes } = bundle.receipts[0];
  const header = readHeader(fromHex(bundle.headers[place]));
  yield ["block", { block: header.number, hash: "0x" + header.hash, time: header.timestamp }];
  const known = [...new Set(trust.validators.map((address) => address.toLowerCase()))];
  const good = known.filter((address) => header.sealers.includes(address));
  const needed = Math.ceil((2 * known.length) / 3);
  refuse(!known.length || good.length < needed,
    `${good.length} of ${known.length} known validators sealed it, ${needed} are needed`);
  yield ["seals", { good: good.length, known: known.length, needed, sealers: header.sealers }];
  const logs = logsOf(receiptOf(header.receiptsRoot, index, nodes.map(fromHex)));
  yield ["receipt", { index, events: logs.length }];
  const found = certificateIn(logs, trust.ledger, certificate);
  yield ["event", { ledger: trust.ledger, ...found }];
}

// -- the page -------------------------------------------------------------------------------------

function install(form) {
  const words = JSON.parse(document.getElementById("proof-words").textContent);
  const list = document.getElementById("proof-steps");
  const verdict = document.getElementById("proof-verdict");
  const said = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => String(facts[name]));

  function show(holds, name, facts) {
    const line = document.createElement("li");
    line.className = holds ? "holds" : "fails";
    line.textContent = (holds ? "✓ " : "✗ ") + said(words[name], facts);
    if (facts.sealers) {
      for (const sealer of facts.sealers) {
        const code = document.createElement("code");
        code.textContent = sealer;
        line.append(document.createElement("br"), code);
      }
    }
    list.append(line);
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    list.replaceChildren();
    verdict.textContent = "";
    form.dataset.verdict = "";
    try {
      const answer = await fetch(form.dataset.bundle, { headers: { Accept: "application/json" } });
      const bundle = await answer.json();
      refuse(!answer.ok, bundle.message ?? String(answer.status));
      const typed = form.elements.validators.value.match(/0x[0-9a-fA-F]{40}/g);
      const ledger = form.elements.ledger.value.trim();
      const trust = {
        validators: typed ?? bundle.trust.validators,
        ledger: ledger || bundle.trust.contracts.ledger,
      };
      let found = {};
      for (const [name, facts] of steps(bundle, BigInt(form.dataset.certificate), trust)) {
        show(true, name, facts);
        found = facts;
      }
      for (const [name, shown] of Object.entries(JSON.parse(form.dataset.shown))) {
        refuse(String(found[name]) !== String(shown),
          said(words.differs, { name, proved: found[name], shown }));
      }
      show(true, "figures", found);
      form.dataset.verdict = "proved";
      verdict.textContent = typed && ledger ? words.proved : words.proved_trusting;
    } catch (error) {
      show(false, "failed", { why: error.message });
      form.dataset.verdict = "failed";
      verdict.textContent = words.not_proved;
    }
  });
  form.hidden = false;
}

if (typeof document !== "undefined") {
  const form = document.getElementById("proof");
  if (form) install(form);
}

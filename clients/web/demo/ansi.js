// Text with the colours that programs write for terminals (ECMA-48 8.3.117, SGR), as elements. What else such programs write,
// moves of the cursor say, is left out.

const SEQUENCE = /\x1b(?:\[([0-9;:]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/]+[0-~])|[\x00-\x08\x0b-\x1f\x7f]/g;

const plain = () => ({ flags: new Set(), ink: null, ground: null });
const FLAGS = { 1: 'bold', 2: 'faint', 3: 'italic', 4: 'underline', 7: 'inverse', 9: 'struck' };
const ENDS = { 22: ['bold', 'faint'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 29: ['struck'] };

// The 256 colours: 16 named ones, which are the style sheet's, a cube, and greys.
function indexed(n) {
  if (n < 16) return n;
  if (n >= 232) return `rgb(${Array(3).fill(8 + (n - 232) * 10).join(' ')})`;
  const level = (at) => (at === 0 ? 0 : 55 + at * 40);
  return `rgb(${[36, 6, 1].map((step) => level(Math.floor((n - 16) / step) % 6)).join(' ')})`;
}

// The colour behind a 38 or 48, which takes its numbers off `codes`.
function extended(codes) {
  const kind = codes.shift();
  if (kind === 5) return indexed(Math.min(255, codes.shift() ?? 0));
  if (kind === 2) return `rgb(${codes.splice(0, 3).map((n) => Math.min(255, n)).join(' ')})`;
  return null;
}

function apply(style, codes) {
  while (codes.length > 0) {
    const code = codes.shift();
    if (code === 0) Object.assign(style, plain());
    else if (FLAGS[code]) style.flags.add(FLAGS[code]);
    else if (ENDS[code]) ENDS[code].forEach((flag) => style.flags.delete(flag));
    else if (code === 38) style.ink = extended(codes);
    else if (code === 48) style.ground = extended(codes);
    else if (code === 39) style.ink = null;
    else if (code === 49) style.ground = null;
    else if (code >= 30 && code <= 37) style.ink = code - 30;
    else if (code >= 90 && code <= 97) style.ink = code - 82;
    else if (code >= 40 && code <= 47) style.ground = code - 40;
    else if (code >= 100 && code <= 107) style.ground = code - 92;
  }
}

function piece(text, { flags, ink, ground }) {
  if (flags.size === 0 && ink === null && ground === null) return document.createTextNode(text);
  const span = document.createElement('span');
  span.textContent = text;
  span.classList.add(...flags);
  for (const [name, colour] of [['ink', ink], ['ground', ground]]) {
    if (typeof colour === 'number') span.classList.add(`${name}-${colour}`);
    else if (colour !== null) span.style[name === 'ink' ? 'color' : 'backgroundColor'] = colour;
  }
  return span;
}

// Makes the nodes of one line after the other: a colour stays until it is taken back, as in a terminal.
export class AnsiText {
  #style = plain();

  nodes(text) {
    const nodes = [];
    let from = 0;
    const take = (to) => {
      if (to > from) nodes.push(piece(text.slice(from, to), this.#style));
    };
    for (const match of text.matchAll(SEQUENCE)) {
      take(match.index);
      from = match.index + match[0].length;
      if (match[2] === 'm') apply(this.#style, match[1].split(/[;:]/).map(Number));
    }
    take(text.length);
    return nodes;
  }
}

import { $, jsonOf, make, showConnection, urlOf } from './demo.js';

const SVG = 'http://www.w3.org/2000/svg';
const SPAN = 60;  // events that a curve shows, one a second

const number = (n) => Math.round(n).toLocaleString('en');
function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  for (; n >= 1024 && unit + 1 < units.length; unit += 1) n /= 1024;
  return `${n.toLocaleString('en', { maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0 })} ${units[unit]}`;
}

// What is shown of an event of sluice.stats: a name, its value, and a line about it.
const GAUGES = [
  ['streams', 'Open streams', (s) => s.streams, number, (s) => `${number(s.connections)} connections`],
  ['topics', 'Topics', (s) => s.topics, number, (s) => `${bytes(s.log_bytes)} kept`],
  ['published', 'Published a second', (s) => s.published_per_second, number, (s) => `${number(s.published)} in all`],
  ['deliveries', 'Deliveries a second', (s) => s.deliveries_per_second, number, (s) => `${number(s.deliveries)} in all`],
  ['sent', 'Sent a second', (s) => s.bytes_per_second, bytes, (s) => `${bytes(s.bytes)} in all`],
  ['behind', 'Readers behind', (s) => s.behind, number, (s) => (s.lag ? `by ${number(s.lag)} events at most` : 'nobody waits')],
  ['gaps', 'Gaps told', (s) => s.gaps, number, () => 'of events no longer kept'],
  ['memory', 'Memory', (s) => s.memory, bytes, (s) => `up for ${upFor(s.uptime_seconds)}`],
];

function upFor(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const at = Math.max(0, parts.findIndex(([unit]) => seconds >= unit));
  return parts.slice(at === 0 && seconds < 1 ? 3 : at, at + 2)
      .map(([unit, name], i) => `${Math.floor((i === 0 ? seconds : seconds % parts[at][0]) / unit)} ${name}`).join(' ');
}

const shape = (name, attributes) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

class Gauge {
  #past = [];
  #value;
  #more;
  #curve = shape('polyline', { class: 'curve' });
  #area = shape('polygon', { class: 'area' });

  constructor([id, name, pick, format, more]) {
    Object.assign(this, { pick, format, more });
    const card = make('div', 'gauge card');
    this.#value = make('dd', 'value', '–');
    this.#value.id = id;
    this.#more = make('dd', 'more small soft', '\u00a0');
    const picture = shape('svg', { viewBox: `0 0 ${SPAN - 1} 20`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    picture.append(this.#area, this.#curve);
    card.append(make('dt', 'soft', name), this.#value, this.#more, picture);
    $('gauges').append(card);
  }

  take(stats) {
    const value = this.pick(stats);
    this.#value.textContent = this.format(value);
    this.#more.textContent = this.more(stats);
    this.#past.push(value);
    if (this.#past.length > SPAN) this.#past.shift();
    const top = Math.max(1, ...this.#past) * 1.1;
    const points = this.#past.map((one, i) => `${SPAN - this.#past.length + i},${(20 - (one / top) * 19).toFixed(2)}`);
    this.#curve.setAttribute('points', points.join(' '));
    this.#area.setAttribute('points', [`${SPAN - this.#past.length},20`, ...points, `${SPAN - 1},20`].join(' '));
  }
}

const gauges = GAUGES.map((gauge) => new Gauge(gauge));
const source = new EventSource(urlOf('sluice.stats', 'events'));
showConnection(source, $('state'));
source.addEventListener('message', (event) => {
  const stats = jsonOf(event);
  for (const gauge of gauges) gauge.take(stats);
});

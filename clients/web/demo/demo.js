// What all pages of the demo share.

export const $ = (id) => document.getElementById(id);

export const urlOf = (topic, what) => `/v1/topics/${encodeURIComponent(topic)}/${what}`;

// Says how something is: a word for the style sheet, a text for people.
export function show(element, state, text = state) {
  element.dataset.state = state;
  if (element.textContent !== text) element.textContent = text;
}

// Has `label` say how the connection of `source` is. An `error` that has data is the topic's own, not the connection's.
export function showConnection(source, label) {
  show(label, 'connecting');
  source.addEventListener('open', () => show(label, 'live'));
  source.addEventListener('error', (event) => {
    if (event instanceof MessageEvent) return;
    if (source.readyState === EventSource.CONNECTING) show(label, 'reconnecting');
    else if (label.dataset.state !== 'failed' && label.dataset.state !== 'ended') show(label, 'refused', 'the bridge refuses');
  });
}

// An event's data, if it is one line. WebKit keeps the beginning of a line that a broken connection leaves, and puts it
// before the next event's.
export const lastLine = ({ data }) => data.slice(data.lastIndexOf('\n') + 1);
export const jsonOf = (event) => JSON.parse(lastLine(event));

// The page of history that `query` asks for, or null if the topic is not there.
export async function readHistory(topic, query) {
  const response = await fetch(urlOf(topic, `history?${query}`));
  if (response.status === 404) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

// POSTs, and returns the answer; an error says what the bridge says.
export async function post(path, body, headers = {}) {
  const response = await fetch(path, { method: 'POST', body, headers });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error.message), { status: response.status });
  return answer;
}

export const postJson = (path, value, headers = {}) =>
  post(path, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });

// Whether pages may publish here; if not, `notice` says so.
export async function mayPublish(notice) {
  const { http_publish: may } = await (await fetch('/demo.json')).json();
  notice.hidden = may;
  return may;
}

// A time of the bridge's as people here write it, to the second.
export const timeOf = (rfc3339) => new Date(rfc3339).toLocaleTimeString([], { hourCycle: 'h23' });

// An element with a class and text, as all text that others wrote is shown.
export function make(tag, className = '', text = '') {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

import { $, jsonOf, make, mayPublish, post, postJson, showConnection, timeOf, urlOf } from './demo.js';

// Rooms are made known on a topic of their own; a room is a topic, and all of them are a pattern. The page reads both over
// one connection, and remembers who you are as long as its tab lives.
const LOBBY = 'chat-rooms';
const ALL = '*';
const topicOf = (room) => `chat.${room}`;
const roomOf = (topic) => topic.slice('chat.'.length);

const rooms = new Set(['general']);
let here;
let source;
let may = false;

function link(room) {
  const anchor = make('a', '', room === ALL ? 'All rooms' : room);
  anchor.href = `#${room}`;
  if (room === here) anchor.setAttribute('aria-current', 'true');
  const item = make('li');
  item.append(anchor);
  return item;
}

function drawRooms() {
  $('rooms').replaceChildren(link(ALL), ...[...rooms].sort().map(link));
}

function know(room) {
  if (rooms.has(room)) return;
  rooms.add(room);
  drawRooms();
}

function add(line) {
  const list = $('messages');
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(line);
  while (list.childElementCount > 1000) list.firstElementChild.remove();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

const note = (text) => add(make('p', 'note small soft', text));

// What a page says is JSON; others may publish to a room, too.
const spoken = ({ data, json }) => (json && JSON.parse(data)?.text !== undefined ? JSON.parse(data) : { from: 'somebody', text: data });

function message({ topic, time, ...event }) {
  const { from, text } = spoken(event);
  const line = make('p', 'message');
  const head = make('span', 'head');
  head.append(make('b', '', String(from)));
  if (here === ALL) head.append(make('span', 'tag', roomOf(topic)));
  const at = make('time', '', timeOf(time));
  at.dateTime = time;
  head.append(at);
  line.append(head, make('span', 'text', String(text)));
  add(line);
}

// Reads the room, or all of them, from the first message that is kept.
function read(room) {
  source?.close();
  here = room;
  rooms.add(room === ALL ? 'general' : room);
  drawRooms();
  $('here').textContent = room === ALL ? 'All rooms' : room;
  $('messages').replaceChildren();
  for (const field of ['from', 'text']) $(field).disabled = room === ALL || !may;
  $('say').lastElementChild.disabled = room === ALL || !may;
  $('text').placeholder = room === ALL ? 'Choose a room to write in' : '';
  const url = `/v1/events?topic=${LOBBY}&topic=${topicOf(room)}&from=earliest&envelope=json`;
  $('request').textContent = `new EventSource('${url}')`;
  source = new EventSource(url);
  showConnection(source, $('state'));
  source.addEventListener('message', (event) => {
    const entry = jsonOf(event);
    if (entry.topic === LOBBY) return know(entry.data);
    know(roomOf(entry.topic));
    message(entry);
  });
  source.addEventListener('sluice.gap', () => note('Some of what was said is no longer there.'));
  source.addEventListener('sluice.ended', (event) => note(`${roomOf(jsonOf(event).topic)} is closed.`));
}

async function tried(work) {
  $('problem').hidden = true;
  try {
    await work();
  } catch (error) {
    $('problem').textContent = error.message;
    $('problem').hidden = false;
  }
}

$('say').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (!text) return;
  sessionStorage.setItem('from', $('from').value);
  tried(async () => {
    await postJson(urlOf(topicOf(here), 'events'), { from: $('from').value, text });
    $('text').value = '';
  });
});

$('create').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = $('room').value;
  tried(async () => {
    // A room that is there is entered; with the same id, it is announced once.
    await postJson('/v1/topics', { topic: topicOf(room) }).catch((error) => {
      if (error.status !== 409) throw error;
    });
    await post(urlOf(LOBBY, 'events'), room, { 'Sluice-Event-Id': room });
    $('room').value = '';
    location.hash = room;
    $('text').focus();
  });
});

const wanted = () => /^#(\*|[a-z0-9_-]{1,32})$/.exec(location.hash)?.[1] ?? 'general';
addEventListener('hashchange', () => read(wanted()));

$('from').value = sessionStorage.getItem('from') ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
may = await mayPublish($('off'));
for (const field of $('create').elements) field.disabled = !may;
read(wanted());

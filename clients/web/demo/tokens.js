import { $, jsonOf, make, mayPublish, post, show, urlOf } from './demo.js';

// A question goes to the topic `questions`, with the name of the topic in which the answer is wanted; a model that listens
// there publishes it, token by token. The name stands in the page's address, so a reload finds it.
let source;
let topic = '';
let state = 'idle';

const TEXTS = {
  idle: 'ready', waiting: 'waiting for the model', live: 'answering', stopping: 'stopping', done: 'complete', stopped: 'stopped', failed: 'failed',
};

function set(next, note = '') {
  state = next;
  const busy = ['waiting', 'live', 'stopping'].includes(next);
  show($('state'), next, TEXTS[next]);
  $('answer').setAttribute('aria-busy', String(busy));
  $('answer').classList.toggle('coming', busy);
  $('stop').disabled = next !== 'live';
  $('note').textContent = note;
  $('note').dataset.state = next;
}

// Shows an answer from its first token on, wherever it is by now.
function follow(name) {
  source?.close();
  topic = name;
  let tokens = 0;
  let stopped = '';
  $('answer').replaceChildren();
  $('asked').hidden = true;
  set('waiting');
  const url = urlOf(topic, 'events');
  $('request').textContent = `new EventSource('${url}')`;
  source = new EventSource(url);
  const late = setTimeout(() => {
    if (state === 'waiting') set('waiting', 'No model seems to listen. scripts/run.sh starts one.');
  }, 5000);
  source.addEventListener('question', (event) => {
    $('asked').textContent = event.data;
    $('asked').hidden = false;
  });
  source.addEventListener('stopped', (event) => { stopped = event.data; });
  source.addEventListener('sluice.gap', () => $('answer').append(make('span', 'soft', '[Some of the answer is no longer there.] ')));
  source.addEventListener('message', (event) => {
    clearTimeout(late);
    if (event.data === '[DONE]') {
      source.close();
      const count = `${tokens.toLocaleString('en')} ${tokens === 1 ? 'token' : 'tokens'}`;
      if (state !== 'failed') set(stopped ? 'stopped' : 'done', stopped ? `${stopped} ${count}.` : `Complete. ${count}.`);
      return;
    }
    tokens += 1;
    $('answer').append(event.data);
    if (state === 'waiting') set('live');
  });
  // Both the topic's failure, which has data, and the connection's, after which EventSource comes back by itself.
  source.addEventListener('error', (event) => {
    if (event instanceof MessageEvent) set('failed', `It went wrong: ${jsonOf(event).message}`);
    else if (source.readyState === EventSource.CLOSED) set('failed', 'The bridge refuses this answer.');
    else if (state !== 'failed') show($('state'), 'reconnecting');
  });
  source.addEventListener('open', () => {
    if (state !== 'failed') show($('state'), state, TEXTS[state]);
  });
}

// Nobody can guess such a name, so only who has the address reads along.
const newTopic = () =>
  `answer.${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte % 32]).join('')}`;

$('ask').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = newTopic();
  try {
    await post(urlOf('questions', 'events'), `${name} ${$('question').value.trim()}`);
    location.hash = name;
  } catch (error) {
    set('failed', `The question could not be asked: ${error.message}`);
  }
});

$('stop').addEventListener('click', async () => {
  set('stopping');
  try {
    await post(urlOf(topic, 'stop'), JSON.stringify({ reason: 'the reader has seen enough' }));
  } catch (error) {
    if (state === 'stopping') set('live', error.message);
  }
});

const wanted = () => /^#(answer\.[a-z2-7]+)$/.exec(location.hash)?.[1];
addEventListener('hashchange', () => { if (wanted()) follow(wanted()); });

const may = await mayPublish($('off'));
$('question').disabled = $('send').disabled = !may;
if (wanted()) follow(wanted());

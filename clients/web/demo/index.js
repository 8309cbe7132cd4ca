import { $ } from './demo.js';

$('open').addEventListener('submit', (event) => {
  event.preventDefault();
  location.assign(`/log#${$('topic').value.trim()}`);
});

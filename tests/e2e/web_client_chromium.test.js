'use strict';

const { useBrowser } = require('./lib/browser.js');
const { webClientTests } = require('./lib/web_client_tests.js');

webClientTests('Chromium', useBrowser());

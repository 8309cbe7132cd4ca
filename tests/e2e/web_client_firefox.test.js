'use strict';

const { useFirefox } = require('./lib/firefox.js');
const { webClientTests } = require('./lib/web_client_tests.js');

webClientTests('Firefox', useFirefox());

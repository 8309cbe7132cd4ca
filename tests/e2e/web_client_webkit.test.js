'use strict';

const { useWebKit } = require('./lib/webkit.js');
const { webClientTests } = require('./lib/web_client_tests.js');

webClientTests('WebKit', useWebKit());

'use strict';

const { useBrowser } = require('./lib/browser.js');
const { Caddy } = require('./lib/deploy.js');
const { deployTests } = require('./lib/deploy_tests.js');

deployTests('Caddy', Caddy, useBrowser({ ignoreHTTPSErrors: true }));

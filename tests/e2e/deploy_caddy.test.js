'use strict';

const { useBrowser } = require('./lib/browser.js');
const { Caddy } = require('./lib/deploy.js');
const { deployTests } = require('./lib/deploy_tests.js');
const { wireTests } = require('./lib/deploy_wire.js');

const chromium = useBrowser({ ignoreHTTPSErrors: true });

deployTests('Caddy', Caddy, chromium);
wireTests('Caddy', Caddy, chromium, { cut: 'end' });  // a reset with newer ones

'use strict';

const { useBrowser } = require('./lib/browser.js');
const { Nginx } = require('./lib/deploy.js');
const { deployTests } = require('./lib/deploy_tests.js');

deployTests('nginx', Nginx, useBrowser({ ignoreHTTPSErrors: true }));

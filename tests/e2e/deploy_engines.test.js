'use strict';

// Pages in the other two engines behind servers of scripts/deploy, when the bridge is started again.

const { Caddy, Nginx, NginxThatEnds } = require('./lib/deploy.js');
const { restartTests } = require('./lib/deploy_tests.js');
const { useFirefox } = require('./lib/firefox.js');
const { useWebKit } = require('./lib/webkit.js');

const firefox = useFirefox();
const webkit = useWebKit();

restartTests('nginx, Firefox', Nginx, firefox);
restartTests('nginx that takes cuts for ends, WebKit', NginxThatEnds, webkit);
restartTests('Caddy, Firefox', Caddy, firefox);
restartTests('Caddy, WebKit', Caddy, webkit);

'use strict';

const { useBrowser } = require('./lib/browser.js');
const { resumeTests } = require('./lib/resume.js');

resumeTests('Chromium', useBrowser());

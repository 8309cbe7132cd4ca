'use strict';

const { useFirefox } = require('./lib/firefox.js');
const { resumeTests } = require('./lib/resume.js');

resumeTests('Firefox', useFirefox());

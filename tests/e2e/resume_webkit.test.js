'use strict';

const { useWebKit } = require('./lib/webkit.js');
const { resumeTests } = require('./lib/resume.js');

resumeTests('WebKit', useWebKit(), { gluesBrokenEvents: true });

'use strict';

const { describe } = require('node:test');
const { cutTests } = require('./resume_cuts.js');
const { endTests } = require('./resume_ends.js');
const { useKit } = require('./resume_kit.js');

// What each engine has to prove. Nearly all the time goes to waiting for its pages to come back, so the tests share it.
function resumeTests(name, browser, options) {
  const kit = useKit(browser, options);
  describe(name, { concurrency: 6 }, () => {
    cutTests(kit);
    endTests(kit);
  });
}

module.exports = { resumeTests };

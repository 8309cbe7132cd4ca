'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Child, ROOT } = require('./process.js');

const PYTHON = process.env.SLUICE_PYTHON ?? path.join(ROOT, 'build/venv/bin/python');

// Makes the stubs as the README says, in a folder of the test's own, and returns it.
async function pythonStubs(t) {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-stubs-'));
  t.after(() => fs.rmSync(out, { recursive: true }));
  const protos = path.join(ROOT, 'protos');
  const files = fs.readdirSync(path.join(protos, 'sluice/v1')).map((file) => `sluice/v1/${file}`);
  const made = await new Child(
      PYTHON, ['-m', 'grpc_tools.protoc', '-I', protos, `--python_out=${out}`, `--grpc_python_out=${out}`, ...files]).wait(60000);
  if (made.code !== 0) throw new Error(made.stderr);
  return out;
}

const python = (stubs, args, input) => new Child(PYTHON, args, { env: { PYTHONPATH: stubs }, input }).wait(60000);

module.exports = { PYTHON, python, pythonStubs };

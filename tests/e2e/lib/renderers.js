'use strict';

// Three languages that write protobuf's canonical JSON, none of them with our code. Each takes the same messages, by type and
// bytes, and the same descriptor set.

const fs = require('node:fs');
const path = require('node:path');
const { createFileRegistry, fromBinary, toJson } = require('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');
const { Child, ROOT } = require('./process.js');
const { PYTHON } = require('./python.js');

const RENDERERS = path.join(__dirname, '../renderers');

async function run(file, args, options = {}) {
  const { code, stdout, stderr } = await new Child(file, args, options).wait(100000);
  if (code !== 0) throw new Error(`${path.basename(file)} exited ${code}\n${stderr}`);
  return stdout;
}

// The descriptor set of protos in a folder, made as the README says. Returns its path.
async function descriptorSet(out, folder, ...protos) {
  await run('protoc', ['-I', folder, '--include_imports', `--descriptor_set_out=${out}`, ...protos]);
  return out;
}

// rows: [{ type, text } or { type, bytes }], the text in protobuf's text format. Returns [{ bytes, json }] for them.
async function inPython(set, rows) {
  return JSON.parse(await run(PYTHON, [path.join(RENDERERS, 'render.py'), set], { input: JSON.stringify(rows) }));
}

// rows: [{ type, bytes }]. Returns the JSON texts. What Go builds, and what it caches, stays under build/.
async function inGo(set, rows) {
  const home = path.join(ROOT, 'build/go');
  const program = path.join(home, 'render');
  await run('go', ['build', '-o', program, '.'], {
    cwd: path.join(RENDERERS, 'go'),
    env: { GOFLAGS: '-mod=readonly -modcacherw', GOTOOLCHAIN: 'local', GOMODCACHE: path.join(home, 'mod'), GOCACHE: path.join(home, 'cache') },
  });
  return JSON.parse(await run(program, [set], { input: JSON.stringify(rows) }));
}

const registryOf = (set) => createFileRegistry(fromBinary(FileDescriptorSetSchema, fs.readFileSync(set)));

// rows: [{ type, bytes }]. Returns the JSON values.
function inNode(set, rows) {
  const registry = registryOf(set);
  return rows.map(({ type, bytes }) => {
    const schema = registry.getMessage(type);
    return toJson(schema, fromBinary(schema, Buffer.from(bytes, 'base64')), { registry });
  });
}

module.exports = { descriptorSet, inGo, inNode, inPython, registryOf };

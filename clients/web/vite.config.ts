import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'sluice.js' },
  },
  // Vite leaves the spaces in a library of this format; pages load this file as it is.
  esbuild: { minifyWhitespace: true, minifySyntax: true, minifyIdentifiers: true, legalComments: 'none' },
});

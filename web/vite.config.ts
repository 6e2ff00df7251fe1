import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// The dashboard's server embeds what this writes and fills the two placeholders of index.html in.
// `npm run dev` needs a running dashboard for its doors: BELFRY_DASHBOARD names another than :8083.
const dashboard = process.env.BELFRY_DASHBOARD ?? 'http://127.0.0.1:8083';

export default defineConfig(({ command }) => ({
  base: './',
  plugins: [
    react(),
    {
      name: 'placeholders-while-developing',
      transformIndexHtml: (html) =>
        command === 'serve'
          ? html.replace('__BELFRY_BASE__', '/').replace('__BELFRY_NONCE__', '')
          : html,
    },
  ],
  build: {
    outDir: process.env.BELFRY_WEB_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    cssCodeSplit: true,
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        // Each file costs a request and its headers: what is small joins what needs it.
        experimentalMinChunkSize: 12_000,
        manualChunks(id) {
          if (!id.includes('node_modules')) return undefined;
          if (/codemirror|lezer|crelt|style-mod|w3c-keyname/.test(id)) return 'editor';
          if (/uplot/.test(id)) return 'chart';
          return undefined;
        },
      },
    },
  },
  server: { proxy: { '/api': { target: dashboard, changeOrigin: false } } },
  test: {
    environment: 'node',
    include: ['src/**/*.test.{ts,tsx}'],
  },
}));

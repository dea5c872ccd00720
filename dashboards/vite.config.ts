// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

// The collector serves the result under a content security policy without inline scripts,
// so nothing is inlined and every chunk is a file of its own.
export default defineConfig({
  plugins: [vue()],
  base: './',
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'true', // Element Plus still has components written that way
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    target: 'es2022',
    outDir: process.env.GUAN_DASHBOARDS_OUT ?? 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (id.includes('/node_modules/echarts/') || id.includes('/node_modules/zrender/'))
            return 'charts'
          if (id.includes('/node_modules/')) return 'vendor'
          // Small shared parts together: a dozen tiny files would each cost a request.
          return /\/src\/(api|components|format|i18n|keyboard|state|theme)\//.test(id) && !id.includes('HourlyChart')
            ? 'shared'
            : undefined
        },
      },
    },
  },
  server: {
    proxy: { '/api': process.env.GUAN_COLLECTOR ?? 'http://127.0.0.1:8088' },
  },
})

// SPDX-License-Identifier: Apache-2.0
import { createApp } from 'vue'
import './theme/element'
import './theme/tokens.css'
import './theme/base.css'
import './theme/element.css'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'

createApp(App).use(i18n).use(router).mount('#app')

// SPDX-License-Identifier: Apache-2.0
import { watch } from 'vue'
import { createI18n } from 'vue-i18n'
import { language } from '@/state/preferences'
import en from './en'
import zh from './zh'

export const i18n = createI18n({
  legacy: false,
  locale: language.value,
  fallbackLocale: 'zh',
  messages: { zh, en },
})

watch(
  language,
  (now) => {
    i18n.global.locale.value = now
    document.documentElement.lang = now === 'zh' ? 'zh-CN' : 'en'
  },
  { immediate: true },
)

// SPDX-License-Identifier: Apache-2.0
// The browser, and a page that remembers everything that went wrong in it.
import fs from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { settings } from './settings.mjs'

const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export class Browser {
  async open(url) {
    this.url = url
    this.complaints = []
    this.foreign = []
    this.browser = await chromium.launch({ executablePath: settings.chromium, args: ARGS })
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN', timezoneId: 'Europe/Lisbon' })
    this.page = await context.newPage()
    this.page.setDefaultTimeout(15_000)
    this.page.on('pageerror', (error) => this.complaints.push(`page error: ${error.message}`))
    this.page.on('console', (message) => {
      // An answer the page handles (401 before login, a 422 that names the missing items) is also
      // written to the console by the browser itself; scripts and policy are what matters here.
      if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) this.complaints.push(message.text())
    })
    this.page.on('request', (request) => {
      if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) this.foreign.push(request.url())
    })
  }

  get(name) {
    return this.page.locator(`[data-test="${name}"]`)
  }

  async goto(hash, selector) {
    await this.page.goto(`${this.url}/#${hash}`)
    if (selector) await this.page.locator(selector).first().waitFor()
  }

  async shot(name) {
    if (!settings.screenshots) return
    fs.mkdirSync(settings.screenshots, { recursive: true })
    await this.page.waitForTimeout(350) // dialogs and menus fade in
    await this.page.screenshot({ path: path.join(settings.screenshots, `${name}.png`) })
  }

  async close() {
    await this.browser?.close()
  }
}

// SPDX-License-Identifier: Apache-2.0
// Addresses are kept in the fragment: the collector then serves one page and plain files, and a
// copied link still opens the same view.
import { createRouter, createWebHashHistory } from 'vue-router'
import { onSessionLost, resumeSession } from '@/state/session'

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/login', name: 'login', component: () => import('@/pages/LoginPage.vue'), meta: { isOpen: true } },
    {
      path: '/',
      component: () => import('@/layout/AppShell.vue'),
      redirect: { name: 'alerts' },
      children: [
        { path: 'alerts', name: 'alerts', component: () => import('@/pages/AlertsPage.vue') },
        { path: 'alerts/:id', name: 'alert', component: () => import('@/pages/AlertPage.vue'), props: true },
        { path: 'cases/:id(\\d+)', name: 'case', component: () => import('@/pages/CasePage.vue'), props: true },
        { path: 'incidents', name: 'incidents', component: () => import('@/pages/IncidentsPage.vue') },
        { path: 'incidents/:id(\\d+)', name: 'incident', component: () => import('@/pages/IncidentPage.vue'), props: true },
        { path: 'facilities', name: 'facilities', component: () => import('@/pages/FacilitiesPage.vue') },
        { path: 'facilities/:id', name: 'facility', component: () => import('@/pages/FacilityPage.vue'), props: true },
        { path: 'unmapped', name: 'unmapped', component: () => import('@/pages/UnmappedPage.vue') },
        { path: 'sensors', name: 'sensors', component: () => import('@/pages/SensorsPage.vue') },
        { path: 'law', name: 'law', component: () => import('@/pages/LawPage.vue') },
      ],
    },
    { path: '/:rest(.*)*', redirect: { name: 'alerts' } },
  ],
})

router.beforeEach(async (to) => {
  if (to.meta.isOpen) return true
  return (await resumeSession()) || { name: 'login', query: { to: to.fullPath } }
})

onSessionLost(() => {
  const here = router.currentRoute.value
  if (!here.meta.isOpen) void router.push({ name: 'login', query: { to: here.fullPath } })
})

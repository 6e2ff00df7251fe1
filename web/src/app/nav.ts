import {
  IconBuildingCommunity,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconSend,
  IconSettings,
  IconStack2,
  IconWebhook,
} from '../theme/icons';
import { type LaterPage, laterPage } from './later_page';

// Who a page is for: a tenant, an operator over all tenants, an operator looking at one tenant.
export type Audience = 'tenant' | 'operator' | 'guest-operator';

export interface Place {
  id: string;
  // Under the base of its audience; wouter's patterns.
  path: string;
  title: string;
  // In the rail, with its icon and the key behind `g`.
  rail?: { icon: typeof IconKey; key: string };
  // What one must hold to see it.
  scope?: string;
  audience: Audience[];
  page: LaterPage;
}

const one: Audience[] = ['tenant', 'guest-operator'];
const every: Audience[] = ['tenant', 'operator', 'guest-operator'];

// One entry makes route, rail, palette, shortcut, title and needed scope.
export const PLACES: Place[] = [
  {
    id: 'tenants',
    path: '/tenants',
    title: 'Tenants',
    rail: { icon: IconBuildingCommunity, key: 'e' },
    audience: ['operator'],
    page: laterPage(() => import('../features/tenants/TenantsPage')),
  },
  {
    id: 'overview',
    path: '/',
    title: 'Overview',
    rail: { icon: IconLayoutDashboard, key: 'o' },
    scope: 'tasks:read',
    audience: every,
    page: laterPage(() => import('../features/overview/OverviewPage')),
  },
  {
    id: 'tasks',
    path: '/tasks',
    title: 'Tasks',
    rail: { icon: IconListDetails, key: 't' },
    scope: 'tasks:read',
    audience: one,
    page: laterPage(() => import('../features/tasks/TasksPage')),
  },
  {
    id: 'task',
    path: '/tasks/:id',
    title: 'Task',
    scope: 'tasks:read',
    audience: one,
    page: laterPage(() => import('../features/task/TaskPage')),
  },
  {
    id: 'submit',
    path: '/submit',
    title: 'Submit task',
    rail: { icon: IconSend, key: 'n' },
    scope: 'tasks:write',
    audience: one,
    page: laterPage(() => import('../features/submit/SubmitPage')),
  },
  {
    id: 'queues',
    path: '/queues',
    title: 'Queues',
    rail: { icon: IconStack2, key: 'q' },
    scope: 'tasks:read',
    audience: one,
    page: laterPage(() => import('../features/queues/QueuesPage')),
  },
  {
    id: 'queue',
    path: '/queues/:name',
    title: 'Queue',
    scope: 'tasks:read',
    audience: one,
    page: laterPage(() => import('../features/queues/QueuePage')),
  },
  {
    id: 'webhooks',
    path: '/webhooks',
    title: 'Webhooks',
    rail: { icon: IconWebhook, key: 'w' },
    scope: 'manage',
    audience: one,
    page: laterPage(() => import('../features/webhooks/WebhooksPage')),
  },
  {
    id: 'endpoint',
    path: '/webhooks/:id',
    title: 'Webhook',
    scope: 'manage',
    audience: one,
    page: laterPage(() => import('../features/webhooks/EndpointPage')),
  },
  {
    id: 'keys',
    path: '/keys',
    title: 'API keys',
    rail: { icon: IconKey, key: 'k' },
    scope: 'manage',
    audience: one,
    page: laterPage(() => import('../features/keys/KeysPage')),
  },
  {
    id: 'settings',
    path: '/settings',
    title: 'Settings',
    rail: { icon: IconSettings, key: ',' },
    audience: every,
    page: laterPage(() => import('../features/settings/SettingsPage')),
  },
];

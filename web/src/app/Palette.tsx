import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useQueues } from '../api/queues';
import { useMay, useSession } from '../api/session_context';
import { useTenants } from '../api/tenants';
import { useEndpoints } from '../api/webhooks';
import { IconSearch } from '../theme/icons';
import type { Place } from './nav';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

interface Props {
  places: Place[];
  onHelp: () => void;
}

// Ctrl K: pages, a task by its id, tasks by name or text, queues, endpoints, tenants, and what can be
// done from everywhere.
export default function Palette({ places, onHelp }: Props) {
  const [query, setQuery] = useState('');
  const typed = query.trim();
  const hasTasks = places.some((place) => place.id === 'tasks');
  const known = useKnown(typed !== '', hasTasks);
  const verbs = useVerbs(onHelp);
  const pages = usePages(places);
  const tasks = useTaskActions(hasTasks ? typed : '');
  const [byId, others] = ID.test(typed) ? [tasks, []] : [[], tasks];
  return (
    <Spotlight
      actions={[...byId, ...pages, ...others, ...known, ...verbs]}
      query={query}
      onQueryChange={setQuery}
      limit={12}
      nothingFound="Nothing found"
      highlightQuery
      shortcut={null}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Page, task id, name, queue, webhook …',
        'aria-label': 'Search',
      }}
    />
  );
}

function usePages(places: Place[]): SpotlightActionData[] {
  const [, navigate] = useLocation();
  return places
    .filter((place) => place.rail)
    .map((place) => ({ id: place.id, label: place.title, onClick: () => navigate(place.path) }));
}

function useTaskActions(typed: string): SpotlightActionData[] {
  const [, navigate] = useLocation();
  const keywords = [typed];
  if (typed === '') return [];
  if (ID.test(typed)) {
    const open = () => navigate(`/tasks/${typed}`);
    return [{ id: 'task-by-id', label: `Open task ${typed}`, keywords, onClick: open }];
  }
  const list = (by: string) => () => navigate(`/tasks?${by}=${encodeURIComponent(typed)}`);
  return [
    { id: 'by-name', label: `Tasks named «${typed}»`, keywords, onClick: list('name') },
    { id: 'by-text', label: `Tasks that hold «${typed}»`, keywords, onClick: list('text') },
  ];
}

// What has a page of its own; asked for once somebody types.
function useKnown(typing: boolean, hasTasks: boolean): SpotlightActionData[] {
  const [, navigate] = useLocation();
  const operator = useSession().session.kind === 'operator';
  const mayManage = useMay('manage');
  const queues = useQueues(typing && hasTasks).data ?? [];
  const endpoints = useEndpoints(typing && hasTasks && mayManage).data ?? [];
  const tenants = useTenants(typing && operator).data ?? [];
  return [
    ...queues.map(({ name }) => ({
      id: `queue-${name}`,
      label: `Queue ${name}`,
      onClick: () => navigate(`/queues/${encodeURIComponent(name)}`),
    })),
    ...endpoints.map(({ id, url, description }) => ({
      id: `endpoint-${id}`,
      label: `Webhook ${description || url}`,
      keywords: [url],
      onClick: () => navigate(`/webhooks/${id}`),
    })),
    ...tenants.map(({ tenantId, tenantName }) => ({
      id: `tenant-${tenantId}`,
      label: `Tenant ${tenantName}`,
      keywords: [tenantId],
      onClick: () => navigate(`~/t/${tenantId}/`),
    })),
  ];
}

function useVerbs(onHelp: () => void): SpotlightActionData[] {
  const { toggleColorScheme } = useMantineColorScheme();
  const { leave } = useSession();
  return [
    { id: 'theme', label: 'Change the theme', onClick: () => toggleColorScheme() },
    { id: 'help', label: 'List the shortcuts', onClick: onHelp },
    { id: 'leave', label: 'Sign out', onClick: () => void leave() },
  ];
}

import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { useQueues } from '../api/queues';
import { IconSearch } from '../theme/icons';
import type { Place } from './nav';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// Ctrl K: pages, a task by its id, tasks by name or text, queues.
export default function Palette({ places }: { places: Place[] }) {
  const [, navigate] = useLocation();
  const [query, setQuery] = useState('');
  const tasks = places.some((place) => place.id === 'tasks');
  const queues = useQueues(tasks && query !== '');
  const typed = query.trim();
  const actions: SpotlightActionData[] = places
    .filter((place) => place.rail)
    .map((place) => ({ id: place.id, label: place.title, onClick: () => navigate(place.path) }));
  if (tasks && ID.test(typed)) {
    actions.unshift({
      id: 'task-by-id',
      label: `Open task ${typed}`,
      keywords: [typed],
      onClick: () => navigate(`/tasks/${typed}`),
    });
  } else if (tasks && typed !== '') {
    actions.push(
      {
        id: 'by-name',
        label: `Tasks named «${typed}»`,
        keywords: [typed],
        onClick: () => navigate(`/tasks?name=${encodeURIComponent(typed)}`),
      },
      {
        id: 'by-text',
        label: `Tasks that hold «${typed}»`,
        keywords: [typed],
        onClick: () => navigate(`/tasks?text=${encodeURIComponent(typed)}`),
      },
    );
  }
  for (const queue of queues.data ?? []) {
    actions.push({
      id: `queue-${queue.name}`,
      label: `Queue ${queue.name}`,
      onClick: () => navigate(`/queues/${encodeURIComponent(queue.name)}`),
    });
  }
  return (
    <Spotlight
      actions={actions}
      query={query}
      onQueryChange={setQuery}
      limit={12}
      nothingFound="Nothing found"
      highlightQuery
      shortcut={['mod + K']}
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: 'Page, task id, name, queue …',
        'aria-label': 'Search',
      }}
    />
  );
}

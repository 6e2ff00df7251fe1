import { PageHead } from '../../ui/PageHead';

export default function TasksPage() {
  return <PageHead title="Tasks" />;
}

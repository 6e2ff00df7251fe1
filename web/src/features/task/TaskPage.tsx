import { PageHead } from '../../ui/PageHead';

export default function TaskPage() {
  return <PageHead title="Task" />;
}

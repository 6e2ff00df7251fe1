import { PageHead } from '../../ui/PageHead';

export default function SettingsPage() {
  return <PageHead title="Settings" />;
}

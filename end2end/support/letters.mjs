// Letters in a folder, as HYVVE writes them there.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The link in the letter with this subject, as soon as it is there. */
export async function link(folder, to, subject) {
  for (let tries = 0; tries < 300; tries++) {
    for (const file of readdirSync(folder)) {
      const letter = readFileSync(join(folder, file), 'utf8');
      if (!letter.includes(`To: ${to}`) || !letter.includes(subject)) continue;
      const found = letter.replace(/=\r\n/g, '').replace(/=3D/g, '=').match(/http:\S+\?token=[\w-]+/);
      if (found) return found[0];
    }
    await new Promise((r) => setTimeout(r, 100));
  }
  throw new Error(`no letter “${subject}” to ${to}`);
}

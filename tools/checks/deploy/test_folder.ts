import { join } from "node:path";
import { stopLeftoverFunction, takeDataFolder } from "../../stack/data_folder.ts";
import { logToStderr } from "../../stack/terminal.ts";
import { stopLeftoverPostgres } from "../../stack/postgres/postgres.ts";
import { removePostgresHome } from "../../stack/postgres/postgres_home.ts";
import { processRecordPath } from "../../stack/stack_record.ts";

const isThere = (path: string) => Deno.stat(path).then(() => true, () => false);

/** Ends what stacks whose process is gone have left running on data folders right below this folder, and removes it. */
export async function removeTestFolder(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (!(await isThere(processRecordPath(path)))) continue;
    const data = await takeDataFolder(path);
    await stopLeftoverFunction(data.processes, logToStderr);
    await stopLeftoverPostgres(join(path, "postgres"), () => {});
    await removePostgresHome(path);
    await data.release();
  }
  await Deno.remove(folder, { recursive: true });
}

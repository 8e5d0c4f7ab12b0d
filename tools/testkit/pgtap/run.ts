import { join } from "node:path";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { applyMigrations } from "../../stack/postgres/migrations.ts";
import { newProject, olderFlow } from "./projects_before.ts";
import type { Server } from "./server.ts";
import { type Report, runTestFile } from "./test_file.ts";
import { testUpgrade } from "./upgrade.ts";

/** Where all of it is. */
export type Folders = {
  migrations: string;
  /** Files of pgTAP. */
  tests: string;
  /** The rows to save after a migration. */
  rows: string;
};

/** The files of tests, in the order in which they run. */
export async function testFilesIn(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(".test.sql")).sort();
}

/** Runs these files on a project that the migrations have made, and gives a report each. */
export async function testNewProject(
  server: Server,
  { migrations, tests }: Folders,
  { names, onReport }: { names: readonly string[]; onReport: (report: Report) => void },
): Promise<void> {
  const databaseUrl = await server.createProject("fresh");
  await applyMigrations({ databaseUrl, folder: migrations });
  for (const name of names) onReport(await runTestFile({ databaseUrl, path: join(tests, name) }));
}

/** Files that fill tables to see how much is read: what a project held before tells them nothing new. */
const FILLING = /_(plan|reads)\.test\.sql$/;

/**
 * Applies each migration to projects that hold rows from before it: a new one, and one with the older flow, whose table
 * has a foreign key or has none. Then runs the files there as well: they pass whatever rows a project has.
 */
export async function testUpgrades(
  server: Server,
  { migrations, tests, rows }: Folders,
  { names, onReport }: { names: readonly string[]; onReport: (report: Report) => void },
): Promise<void> {
  const projects = {
    new_project: newProject,
    older_flow: olderFlow("references auth.users (id) on delete cascade"),
    older_flow_without_key: `${olderFlow("")}
      insert into public.voices (user_id, name) values (gen_random_uuid(), 'of a user long gone');`,
  };
  for (const [project, before] of Object.entries(projects)) {
    const databaseUrl = await server.createProject(project);
    onReport(await testUpgrade({ name: `migrations, ${project}`, databaseUrl, migrations, rows, before }));
    // A project's own table; the tests say which tables are ours.
    const database = openDatabase(databaseUrl);
    await database`drop table if exists private.settings`;
    await database.end({ timeout: 1 });
    const reports: Report[] = [];
    for (const name of names.filter((name) => !FILLING.test(name))) {
      reports.push(await runTestFile({ databaseUrl, path: join(tests, name) }));
    }
    onReport({
      name: `files, ${project}`,
      tests: reports.reduce((sum, report) => sum + report.tests, 0),
      ms: reports.reduce((sum, report) => sum + report.ms, 0),
      problems: reports.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
    });
  }
}

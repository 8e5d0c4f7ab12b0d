import { messageOf } from "../../stack/terminal.ts";
import { readUpload, type Upload } from "./upload.ts";

/** A stand-in of Supabase's Management API that knows one project and one token. */
export type ManagementApi = {
  /** Its base URL. */
  url: string;
  /** What was deployed, in order. */
  uploads: Upload[];
  /** A sentence for each request that is no part of a deploy, or that it does not understand. */
  refused: string[];
  stop(): Promise<void>;
};

const noted = (when: Date) => when.toISOString();

/**
 * Starts it on any free port of 127.0.0.1. It answers the two requests of a deploy, `POST /v1/projects/REF/functions/deploy`
 * and `GET /v1/projects/REF`, as the Management API documents them, and refuses everything else.
 */
export function startManagementApi(
  { token, projectRef }: { token: string; projectRef: string },
): ManagementApi {
  const uploads: Upload[] = [];
  const refused: string[] = [];
  const project = `/v1/projects/${projectRef}`;

  const refuse = (status: number, why: string) => {
    refused.push(why);
    return Response.json({ message: why }, { status });
  };

  async function deploy(request: Request, slug: string): Promise<Response> {
    try {
      const upload = await readUpload(slug, await request.formData());
      uploads.push(upload);
      const { name, ...settings } = upload.metadata;
      const now = Date.now();
      const told = { id: crypto.randomUUID(), slug, name, status: "ACTIVE", version: uploads.length };
      return Response.json({ ...told, ...settings, created_at: now, updated_at: now }, { status: 201 });
    } catch (error) {
      return refuse(400, `The deploy of ${slug} cannot be read: ${messageOf(error)}`);
    }
  }

  const describe = () =>
    Response.json({
      id: projectRef,
      ref: projectRef,
      organization_id: "rehearsal",
      organization_slug: "rehearsal",
      name: "rehearsal",
      region: "ap-southeast-1",
      created_at: noted(new Date()),
      status: "ACTIVE_HEALTHY",
      database: {
        host: "db.supabase.invalid",
        version: "17",
        postgres_engine: "17",
        release_channel: "ga",
      },
    });

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      await request.body?.cancel();
      return refuse(401, `${route} came without the token.`);
    }
    const slug = searchParams.get("slug");
    if (route === `POST ${project}/functions/deploy` && slug) return await deploy(request, slug);
    if (route === `GET ${project}`) return describe();
    await request.body?.cancel();
    return refuse(404, `${route} is no part of a deploy.`);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    uploads,
    refused,
    stop: () => server.shutdown(),
  };
}

import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { messageOf } from "../../stack/terminal.ts";

/** What a deploy sends beside the files (Management API, "Deploy a function"). Anything more is refused. */
const metadataSchema = z.strictObject({
  name: z.string(),
  entrypoint_path: z.string(),
  import_map_path: z.string().optional(),
  static_patterns: z.array(z.string()),
  verify_jwt: z.boolean().optional(),
});

/** A file as it was sent: its path is from the root of the checkout, with forward slashes. */
export type UploadedFile = { path: string; bytes: Bytes };

/** One deploy of one function. */
export type Upload = { slug: string; metadata: z.infer<typeof metadataSchema>; files: UploadedFile[] };

async function readUpload(slug: string, form: FormData): Promise<Upload> {
  const files: UploadedFile[] = [];
  for (const [name, part] of form) {
    if (name === "file" && part instanceof File) files.push({ path: part.name, bytes: await part.bytes() });
    else if (name !== "metadata") throw new Error(`A deploy has no part "${name}" of this kind.`);
  }
  const metadata = metadataSchema.parse(JSON.parse(z.string().parse(form.get("metadata"))));
  return { slug, metadata, files };
}

/**
 * Starts a stand-in for Supabase's Management API that knows one project and one token, on a free port of 127.0.0.1. It
 * answers the two requests of a deploy as the API documents them, keeps what was deployed in `uploads`, and explains in
 * `refused` why it refused anything else.
 */
export function startManagementApi({ token, projectRef }: { token: string; projectRef: string }) {
  const uploads: Upload[] = [];
  const refused: string[] = [];
  const project = `/v1/projects/${projectRef}`;
  const refuse = async (request: Request, status: number, why: string) => {
    if (!request.bodyUsed) await request.body?.cancel();
    refused.push(why);
    return Response.json({ message: why }, { status });
  };
  const deploy = async (request: Request, slug: string) => {
    try {
      const upload = await readUpload(slug, await request.formData());
      const version = uploads.push(upload);
      const [id, now] = [crypto.randomUUID(), Date.now()];
      return Response.json({
        ...{ ...upload.metadata, id, slug, status: "ACTIVE", version, created_at: now, updated_at: now },
      }, { status: 201 });
    } catch (error) {
      return await refuse(request, 400, `The deploy of ${slug} cannot be read: ${messageOf(error)}`);
    }
  };
  const description = {
    ...{ id: projectRef, ref: projectRef, organization_id: "rehearsal", organization_slug: "rehearsal" },
    ...{ name: "rehearsal", region: "ap-southeast-1", status: "ACTIVE_HEALTHY" },
    created_at: new Date().toISOString(),
    database: {
      ...{ host: "db.supabase.invalid", version: "17", postgres_engine: "17", release_channel: "ga" },
    },
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    const slug = searchParams.get("slug");
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      return await refuse(request, 401, `${route} came without the token.`);
    }
    if (route === `POST ${project}/functions/deploy` && slug) return await deploy(request, slug);
    if (route === `GET ${project}`) return Response.json(description);
    return await refuse(request, 404, `${route} is no part of a deploy.`);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    uploads,
    refused,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

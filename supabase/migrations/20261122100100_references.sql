-- The private bucket of uploaded reference clips. A user writes there only through a signed upload URL, which Storage
-- serves with its own rights, and reads own clips at most; the restrictive policies hold against any policy that an older
-- flow left behind.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'references',
  'references',
  false,
  10485760,
  array['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/m4a']
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create policy "References are read by their own users at most" on storage.objects
  as restrictive for select to anon, authenticated
  using (bucket_id <> 'references' or split_part(name, '/', 1) = (select auth.uid())::text);

create policy "References are uploaded through signed URLs only" on storage.objects
  as restrictive for insert to anon, authenticated
  with check (bucket_id <> 'references');

create policy "References are never overwritten by users" on storage.objects
  as restrictive for update to anon, authenticated
  using (bucket_id <> 'references')
  with check (bucket_id <> 'references');

create policy "References are never removed by users" on storage.objects
  as restrictive for delete to anon, authenticated
  using (bucket_id <> 'references');

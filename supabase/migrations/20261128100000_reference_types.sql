-- What browsers declare WAV, MP3 and M4A to be differs: Firefox on Linux says audio/vnd.wave, older Chrome audio/mp3, and a
-- sound recording in a file that ends in .mp4 is video/mp4 to all of them. What a clip is, its bytes tell finalize.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'references',
  'references',
  false,
  10485760,
  array[
    'audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/mpeg', 'audio/mp3', 'audio/x-mp3',
    'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'audio/aac', 'video/mp4'
  ]
)
on conflict (id) do update set allowed_mime_types = excluded.allowed_mime_types;

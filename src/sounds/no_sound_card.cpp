// flite can play through ALSA, which we never ask of it and have no static library of. With these five
// here, the linker takes flite's own (which would want ALSA) for none of them.

extern "C" {

struct cst_audiodev_struct;

cst_audiodev_struct* audio_open_alsa(int /*rate*/, int /*channels*/, int /*format*/) { return nullptr; }
int audio_close_alsa(cst_audiodev_struct* /*device*/) { return -1; }
int audio_write_alsa(cst_audiodev_struct* /*device*/, void* /*samples*/, int /*bytes*/) { return -1; }
int audio_drain_alsa(cst_audiodev_struct* /*device*/) { return -1; }
int audio_flush_alsa(cst_audiodev_struct* /*device*/) { return -1; }

}  // extern "C"

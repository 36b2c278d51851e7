/*
 * Preloaded into a Redis or Valkey server: knows what of its files a power loss would leave.
 *
 * The model is a journaling file system such as ext4 with ordered data, at its worst moment:
 *   - bytes are durable once an fsync or fdatasync of their file, begun after they were written, has succeeded;
 *   - changes of directories (create, rename, unlink) are journaled in order, and a successful fsync or fdatasync of any
 *     file or directory commits all of those that were done before it began;
 *   - everything else is lost. sync_file_range promises nothing, as its manual page says, and is not looked at.
 * Files are known by device and inode, so that renames need no care. Sizes are asked for just before each sync, so that
 * writes need none either; a file opened with O_SYNC would count as unsynced, which errs on the side of losing more.
 *
 * The state is a file mapped into memory, which outlives a SIGKILL of the server; disk.py reads the same layout.
 * Whatever a change replaces or removes is kept as a hard link beside the state file until the change is committed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 1024
#define CHANGES 256
#define PATH_BYTES 512

struct durable_file { uint64_t device, inode, bytes; };
enum kind { CREATED = 1, RENAMED = 2, REMOVED = 3 };
struct change { uint64_t kind, kept; char path[PATH_BYTES], target[PATH_BYTES]; };
struct state {
    uint64_t pid, syncs, overflows, files, changes, committed, links;
    struct durable_file file[FILES];
    struct change change[CHANGES];
    pthread_mutex_t lock;
};

static struct state *state;
static char state_path[PATH_BYTES];

static void give_up(const char *what) {
    perror(what);
    _exit(70);
}

/* A child of the server shares the map and the lock; one that was killed while it held the lock leaves it to the next. */
static void take_lock(void) {
    if (pthread_mutex_lock(&state->lock) == EOWNERDEAD) pthread_mutex_consistent(&state->lock);
}

static void release_lock(void) { pthread_mutex_unlock(&state->lock); }

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("POWER_LOSS_STATE");
    if (path == NULL || strlen(path) >= PATH_BYTES) return;
    strcpy(state_path, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) give_up(path);
    void *map = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) give_up(path);
    close(fd);
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    state = map;
    pthread_mutex_init(&state->lock, &shared);
    state->pid = (uint64_t)getpid();
}

/* ---- what is known of a file ---- */

static struct durable_file *entry_of(const struct stat *found) {
    for (uint64_t i = 0; i < state->files; i++)
        if (state->file[i].inode == found->st_ino && state->file[i].device == found->st_dev) return &state->file[i];
    if (state->files == FILES) {
        state->overflows++;
        return NULL;
    }
    struct durable_file *entry = &state->file[state->files];
    *entry = (struct durable_file){found->st_dev, found->st_ino, 0};
    state->files++;
    return entry;
}

static void set_durable(const struct stat *found) {
    struct durable_file *entry = entry_of(found);
    if (entry != NULL && entry->bytes < (uint64_t)found->st_size) entry->bytes = (uint64_t)found->st_size;
}

static void cut_durable(const struct stat *found) {
    struct durable_file *entry = entry_of(found);
    if (entry != NULL && entry->bytes > (uint64_t)found->st_size) entry->bytes = (uint64_t)found->st_size;
}

/* ---- changes of directories that no sync has committed yet ---- */

static void kept_path(char *out, uint64_t number) {
    snprintf(out, PATH_BYTES + 32, "%s.%llu", state_path, (unsigned long long)number);
}

static int absolute(const char *path, char *out) {
    char folder[PATH_BYTES];
    if (path[0] == '/') return snprintf(out, PATH_BYTES, "%s", path) < PATH_BYTES;
    return getcwd(folder, sizeof folder) != NULL && snprintf(out, PATH_BYTES, "%s/%s", folder, path) < PATH_BYTES;
}

/* Called before the change is made: a kill in between leaves a note of something that did not happen, which undoing sees. */
static void note_change(enum kind kind, const char *path, const char *target) {
    struct change *change = &state->change[state->changes];
    char kept[PATH_BYTES + 32];
    if (state->changes == CHANGES || !absolute(path, change->path) || !absolute(target, change->target)) {
        state->overflows++;
        return;
    }
    change->kind = kind;
    change->kept = 0;
    if (kind != CREATED) {
        uint64_t number = ++state->links;
        kept_path(kept, number);
        if (link(target, kept) == 0) change->kept = number;
    }
    state->changes++;
}

static void commit(uint64_t count) {
    char kept[PATH_BYTES + 32];
    int (*remove_link)(const char *) = dlsym(RTLD_NEXT, "unlink");
    for (uint64_t i = 0; i < count; i++) {
        if (state->change[i].kept == 0) continue;
        kept_path(kept, state->change[i].kept);
        remove_link(kept);
    }
    state->changes -= count;
    state->committed += count;
    memmove(state->change, state->change + count, state->changes * sizeof(struct change));
}

/* ---- the calls ---- */

static int sync_with(const char *name, int fd) {
    int (*sync)(int) = dlsym(RTLD_NEXT, name);
    struct stat before;
    if (state == NULL || fstat(fd, &before) != 0) return sync(fd);
    take_lock();
    uint64_t noted = state->committed + state->changes;
    release_lock();
    int result = sync(fd);
    if (result != 0) return result;
    take_lock();
    if (S_ISREG(before.st_mode)) set_durable(&before);
    if (noted > state->committed) commit(noted - state->committed); /* else another thread's sync was faster */
    state->syncs++;
    release_lock();
    return result;
}

int fsync(int fd) { return sync_with("fsync", fd); }
int fdatasync(int fd) { return sync_with("fdatasync", fd); }

static int creates(const char *path) { return state != NULL && access(path, F_OK) != 0; }

static void note_created(const char *path) {
    take_lock();
    note_change(CREATED, path, path);
    release_lock();
}

static void note_opened(int fd) {
    struct stat opened;
    if (state == NULL || fd < 0 || fstat(fd, &opened) != 0 || !S_ISREG(opened.st_mode)) return;
    take_lock();
    cut_durable(&opened); /* new, or emptied: its inode may have been another file's */
    release_lock();
}

static int open_with(const char *name, const char *path, int flags, mode_t mode) {
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    if ((flags & O_CREAT) && creates(path)) note_created(path);
    int fd = real_open(path, flags, mode);
    int saved = errno;
    if (flags & (O_CREAT | O_TRUNC)) note_opened(fd);
    errno = saved;
    return fd;
}

#define OPEN(name)                                     \
    int name(const char *path, int flags, ...) {       \
        va_list rest;                                  \
        va_start(rest, flags);                         \
        mode_t mode = va_arg(rest, mode_t);            \
        va_end(rest);                                  \
        return open_with(#name, path, flags, mode);    \
    }
OPEN(open)
OPEN(open64)

static FILE *fopen_with(const char *name, const char *path, const char *mode) {
    FILE *(*real_fopen)(const char *, const char *) = dlsym(RTLD_NEXT, name);
    if (mode[0] != 'r' && creates(path)) note_created(path);
    FILE *file = real_fopen(path, mode);
    int saved = errno;
    if (mode[0] != 'r' && file != NULL) note_opened(fileno(file));
    errno = saved;
    return file;
}

FILE *fopen(const char *path, const char *mode) { return fopen_with("fopen", path, mode); }
FILE *fopen64(const char *path, const char *mode) { return fopen_with("fopen64", path, mode); }

static int ftruncate_with(const char *name, int fd, off_t length) {
    int (*real_ftruncate)(int, off_t) = dlsym(RTLD_NEXT, name);
    int result = real_ftruncate(fd, length);
    int saved = errno;
    if (result == 0) note_opened(fd);
    errno = saved;
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate_with("ftruncate", fd, length); }
int ftruncate64(int fd, off64_t length) { return ftruncate_with("ftruncate64", fd, length); }

static int truncate_with(const char *name, const char *path, off_t length) {
    int (*real_truncate)(const char *, off_t) = dlsym(RTLD_NEXT, name);
    int result = real_truncate(path, length);
    int saved = errno;
    struct stat cut;
    if (result == 0 && state != NULL && stat(path, &cut) == 0) {
        take_lock();
        cut_durable(&cut);
        release_lock();
    }
    errno = saved;
    return result;
}

int truncate(const char *path, off_t length) { return truncate_with("truncate", path, length); }
int truncate64(const char *path, off64_t length) { return truncate_with("truncate64", path, length); }

int rename(const char *path, const char *target) {
    int (*real_rename)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    if (state == NULL) return real_rename(path, target);
    take_lock();
    note_change(RENAMED, path, target);
    int result = real_rename(path, target);
    release_lock();
    return result;
}

int unlink(const char *path) {
    int (*real_unlink)(const char *) = dlsym(RTLD_NEXT, "unlink");
    if (state == NULL) return real_unlink(path);
    take_lock();
    if (access(path, F_OK) == 0) note_change(REMOVED, path, path);
    int result = real_unlink(path);
    release_lock();
    return result;
}

/* A library for LD_PRELOAD that makes input and output fail on purpose. Test tool, Linux with glibc only.
 *
 * It counts the calls of some kinds on paths under one directory, and does something at a chosen one.
 * Calls made with syscall() and stores to mapped memory are not seen.
 *
 *   SHIM_DIR     only calls on paths that begin with this (absolute)
 *   SHIM_KINDS   letters: o open, r read, w write, s sync, t truncate, u unlink, n rename, m map
 *   SHIM_COUNTS  a file of two 64-bit numbers that is kept up to date: calls, faults
 *   SHIM_AT      the call at which to act, from 1; 0: none
 *   SHIM_FOREVER 1: at each call from then on
 *   SHIM_ONE_IN  instead of SHIM_AT: act at one in so many calls, chosen by SHIM_SEED
 *   SHIM_ACTION  error: fail with the error number SHIM_ERRNO
 *                short: do half of a read or write and say so
 *                kill:  die (SIGKILL) before the call
 *                torn:  do half of a write, or the whole of another call, and die
 *                last:  fail as error does; the process dies SHIM_DELAY writes later
 *                delay: wait SHIM_DELAY microseconds, then do it
 *   SHIM_TRACE   append what changes files to this file (see `record`)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ({ static __typeof__(&name) f; if (!f) f = (__typeof__(&name))dlsym(RTLD_NEXT, #name); f; })

enum verdict { GO, FAIL, HALF, HALF_AND_DIE };

static struct { uint64_t calls, faults; } nowhere, *counts = &nowhere;
static const char *dir, *kinds;
static char action;
static uint64_t at, one_in, seed;
static int forever, error_number, trace = -1;
static unsigned delay;
static pthread_mutex_t traced = PTHREAD_MUTEX_INITIALIZER;

static uint64_t number(const char *name) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("SHIM_COUNTS"), *what = getenv("SHIM_ACTION");
    kinds = getenv("SHIM_KINDS") ?: "orwstunm";
    at = number("SHIM_AT"), one_in = number("SHIM_ONE_IN"), seed = number("SHIM_SEED");
    forever = (int)number("SHIM_FOREVER"), error_number = (int)number("SHIM_ERRNO");
    delay = (unsigned)number("SHIM_DELAY"), action = what ? what[0] : 'e';
    if (path) {
        int fd = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || REAL(ftruncate)(fd, sizeof *counts)) abort();
        counts = REAL(mmap)(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (counts == MAP_FAILED) abort();
    }
    if ((path = getenv("SHIM_TRACE"))) {
        trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (trace < 0) abort();
    }
    dir = getenv("SHIM_DIR"); /* Last: nothing is watched before. */
}

static int watched(const char *path) { return dir && path && !strncmp(path, dir, strlen(dir)); }

/* The path of an open file; NULL if it is not watched. */
static const char *path_of(int fd, char *buffer) {
    char link[40];
    if (!dir) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, 4095);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return watched(buffer) ? buffer : NULL;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether the n-th call is one of those at random: splitmix64. */
static int chosen(uint64_t n) {
    uint64_t x = seed + n * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % one_in == 0;
}

/* Counts a call on a watched path, and says what is to be done. FAIL has set errno. */
static enum verdict decide(char kind) {
    /* Only what happens to the calls of `kinds` counts, but a death is at a write. */
    if (action == 'l' && kind == 'w' && counts->faults && !__atomic_sub_fetch(&delay, 1, __ATOMIC_RELAXED)) die();
    if (!strchr(kinds, kind)) return GO;
    uint64_t n = __atomic_add_fetch(&counts->calls, 1, __ATOMIC_RELAXED);
    if (one_in ? !chosen(n) : !at || (forever ? n < at : n != at)) return GO;
    __atomic_add_fetch(&counts->faults, 1, __ATOMIC_RELAXED);
    switch (action) {
    case 's': return HALF;
    case 'k': die(); return GO;
    case 't': return HALF_AND_DIE;
    case 'd': usleep(delay); return GO;
    default: errno = error_number; return FAIL;
    }
}

/* Appends to the trace: what (a letter), the path's length, the offset or length of the file, the
 * length of the bytes; then the path and the bytes. Native integers of 1, 4, 8 and 8 bytes. */
static void record(char what, const char *path, int64_t offset, const void *bytes, uint64_t length) {
    uint32_t path_length = (uint32_t)strlen(path);
    struct __attribute__((packed)) { char what; uint32_t path; int64_t offset; uint64_t length; } head =
        { what, path_length, offset, length };
    struct iovec parts[] = { { &head, sizeof head }, { (void *)path, path_length }, { (void *)bytes, length } };
    if (REAL(writev)(trace, parts, 3) != (ssize_t)(sizeof head + path_length + length)) abort();
}

/* The lock keeps the order of the trace that of the calls. */
static void begin(void) { if (trace >= 0) pthread_mutex_lock(&traced); }
static void end(void) { int e = errno; if (trace >= 0) pthread_mutex_unlock(&traced); errno = e; }

static int opened(int folder, const char *path, int flags, mode_t mode) {
    if (!watched(path)) return REAL(openat)(folder, path, flags, mode);
    enum verdict verdict = decide('o');
    if (verdict == FAIL) return -1;
    begin();
    int new = (flags & O_CREAT) && access(path, F_OK);
    int fd = REAL(openat)(folder, path, flags, mode);
    if (trace >= 0 && fd >= 0 && new) record('c', path, 0, NULL, 0);
    if (trace >= 0 && fd >= 0 && !new && (flags & O_TRUNC)) record('t', path, 0, NULL, 0);
    end();
    if (verdict == HALF_AND_DIE) die();
    return fd;
}

/* Linux ignores the mode where no file is made, so it is always passed on. */
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list); \
        return opened(folder, path, flags, mode); \
    }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

/* With offset -1: where the file is. */
static ssize_t written(int fd, const void *bytes, size_t length, off_t offset) {
    char buffer[4096];
    const char *path = path_of(fd, buffer);
    enum verdict verdict = path ? decide('w') : GO;
    if (verdict == FAIL) return -1;
    if (verdict != GO) length = (length + 1) / 2;
    if (path) begin();
    ssize_t done = offset < 0 ? REAL(write)(fd, bytes, length) : REAL(pwrite)(fd, bytes, length, offset);
    if (path && trace >= 0 && done > 0)
        record('w', path, offset < 0 ? lseek(fd, 0, SEEK_CUR) - done : offset, bytes, (uint64_t)done);
    if (path) end();
    if (verdict == HALF_AND_DIE) die();
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) { return written(fd, bytes, length, -1); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return written(fd, bytes, length, offset); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return written(fd, bytes, length, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char buffer[4096];
    if (count < 1 || !path_of(fd, buffer)) return REAL(writev)(fd, parts, count);
    return written(fd, parts[0].iov_base, parts[0].iov_len, -1); /* A part of it is allowed. */
}

static ssize_t got(int fd, void *bytes, size_t length, off_t offset) {
    char buffer[4096];
    enum verdict verdict = path_of(fd, buffer) ? decide('r') : GO;
    if (verdict == FAIL) return -1;
    if (verdict != GO) length = (length + 1) / 2;
    ssize_t done = offset < 0 ? REAL(read)(fd, bytes, length) : REAL(pread)(fd, bytes, length, offset);
    if (verdict == HALF_AND_DIE) die();
    return done;
}

ssize_t read(int fd, void *bytes, size_t length) { return got(fd, bytes, length, -1); }
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return got(fd, bytes, length, offset); }
ssize_t pread64(int fd, void *bytes, size_t length, off_t offset) { return got(fd, bytes, length, offset); }

/* The other calls on an open file: fail, or do it, note it, and perhaps die. */
#define ON_FILE(kind, name, parameters, arguments, offset) \
    int name parameters { \
        char buffer[4096]; \
        const char *path = path_of(fd, buffer); \
        enum verdict verdict = path ? decide(kind) : GO; \
        if (verdict == FAIL) return -1; \
        if (path) begin(); \
        int done = REAL(name) arguments; \
        if (path && trace >= 0 && !done) record(kind, path, offset, NULL, 0); \
        if (path) end(); \
        if (verdict == HALF_AND_DIE) die(); \
        return done; \
    }
ON_FILE('s', fsync, (int fd), (fd), 0)
ON_FILE('s', fdatasync, (int fd), (fd), 0)
ON_FILE('t', ftruncate, (int fd, off_t length), (fd, length), length)
ON_FILE('t', ftruncate64, (int fd, off_t length), (fd, length), length)

static int unlinked(int folder, const char *path, int flags) {
    enum verdict verdict = watched(path) ? decide('u') : GO;
    if (verdict == FAIL) return -1;
    if (watched(path)) begin();
    int done = REAL(unlinkat)(folder, path, flags);
    if (watched(path) && trace >= 0 && !done) record('u', path, 0, NULL, 0);
    if (watched(path)) end();
    if (verdict == HALF_AND_DIE) die();
    return done;
}

int unlink(const char *path) { return unlinked(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return unlinked(folder, path, flags); }

int rename(const char *from, const char *to) {
    enum verdict verdict = watched(to) ? decide('n') : GO;
    if (verdict == FAIL) return -1;
    if (watched(to)) begin();
    int done = REAL(rename)(from, to);
    if (watched(to) && trace >= 0 && !done) record('n', from, 0, to, strlen(to));
    if (watched(to)) end();
    if (verdict == HALF_AND_DIE) die();
    return done;
}

static void *mapped(void *where, size_t length, int protection, int flags, int fd, off_t offset) {
    char buffer[4096];
    enum verdict verdict = fd >= 0 && path_of(fd, buffer) ? decide('m') : GO;
    if (verdict == FAIL) return MAP_FAILED;
    void *done = REAL(mmap)(where, length, protection, flags, fd, offset);
    if (verdict == HALF_AND_DIE) die();
    return done;
}

void *mmap(void *w, size_t l, int p, int f, int fd, off_t o) { return mapped(w, l, p, f, fd, o); }
void *mmap64(void *w, size_t l, int p, int f, int fd, off_t o) { return mapped(w, l, p, f, fd, o); }

/*
 * Preloaded into a program: moves its wall clock by an offset that may be changed while it runs.
 *
 * The offset is one 64-bit number of nanoseconds in a file that is mapped into memory; clock.py writes it. Only real time
 * moves: monotonic clocks, and with them timeouts and sleeps, stay as they are.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const volatile int64_t *offset;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void load(void) {
    const char *path = getenv("CLOCK_OFFSET");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (path == NULL) return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        perror(path);
        _exit(70);
    }
    close(fd);
    offset = map;
}

static int64_t shift(void) { return offset == NULL ? 0 : *offset; }

static struct timespec moved(struct timespec at, int64_t nanoseconds) {
    int64_t total = at.tv_sec * SECOND + at.tv_nsec + nanoseconds;
    return (struct timespec){total / SECOND, total % SECOND};
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    /* Libraries that are loaded before this one may ask for the time. */
    if (real_clock_gettime == NULL) real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real_clock_gettime(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *now = moved(*now, shift());
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    if (result == 0) *now = (struct timeval){precise.tv_sec, precise.tv_nsec / 1000};
    return result;
}

time_t time(time_t *out) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
    if (out != NULL) *out = now.tv_sec;
    return now.tv_sec;
}

/* A deadline that was reckoned from the moved clock goes to the kernel, which knows the real one. */
int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline) {
    int (*wait)(sem_t *, const struct timespec *) = dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec real = moved(*deadline, -shift());
    return wait(semaphore, &real);
}

/*
 * Stands between a process and the C library (LD_PRELOAD), for files below FAULT_DIR:
 * FAULT="<call>:<nth>:<count>:<errno>" lets `count` calls of that kind fail, from the nth on, counted from the moment
 * when the first byte of the file FAULT_ARM is 1;
 * FAULT_TRACE=<file> appends every change of a file, with its bytes, so that a test can build what a power cut leaves.
 */
#define _GNU_SOURCE
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
#include <sys/syscall.h>
#include <unistd.h>

enum call { CALL_WRITE, CALL_SYNC, CALL_TRUNCATE, CALL_OPEN, CALL_UNLINK, CALL_READ, CALLS };
static const char *const names[CALLS] = {"write", "sync", "truncate", "open", "unlink", "read"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long seen[CALLS];
static int faulty = -1, fault_errno;
static long fault_nth, fault_count;
static const char *directory;
static size_t directory_length;
static int trace = -1;
static const volatile char *armed;

__attribute__((constructor)) static void start(void) {
  directory = getenv("FAULT_DIR");
  directory_length = directory ? strlen(directory) : 0;
  const char *trace_path = getenv("FAULT_TRACE");
  if (trace_path) trace = syscall(SYS_openat, AT_FDCWD, trace_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *arm_path = getenv("FAULT_ARM");
  if (arm_path) {
    int fd = syscall(SYS_openat, AT_FDCWD, arm_path, O_RDONLY | O_CLOEXEC, 0);
    void *page = fd < 0 ? MAP_FAILED : mmap(0, 1, PROT_READ, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED) armed = page;
  }
  const char *fault = getenv("FAULT");
  char call[16];
  if (!fault || sscanf(fault, "%15[a-z]:%ld:%ld:%d", call, &fault_nth, &fault_count, &fault_errno) != 4) return;
  for (int i = 0; i < CALLS; i++)
    if (strcmp(call, names[i]) == 0) faulty = i;
}

static int is_ours(const char *path) {
  return directory_length > 0 && strncmp(path, directory, directory_length) == 0;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_ours(path);
}

/* Whether this call is to fail. Called with the lock. */
static int fails(enum call call) {
  if (faulty != (int)call || !armed || *armed != 1) return 0;
  long number = ++seen[call];
  if (number < fault_nth || number >= fault_nth + fault_count) return 0;
  errno = fault_errno;
  return 1;
}

/* One record: the kind, the path, the offset, the length, the bytes. */
static void record(char kind, const char *path, int64_t offset, const void *bytes, int64_t length) {
  if (trace < 0) return;
  char head[PATH_MAX + 64];
  int size = snprintf(head, sizeof head, "%c\t%s\t%lld\t%lld\n", kind, path, (long long)offset, (long long)length);
  syscall(SYS_write, trace, head, size);
  if (bytes) syscall(SYS_write, trace, bytes, length);
}

static ssize_t guarded_pwrite(int fd, const void *bytes, size_t length, off64_t offset) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_pwrite64, fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  ssize_t result = -1;
  if (!fails(CALL_WRITE)) {
    result = syscall(SYS_pwrite64, fd, bytes, length, offset);
    if (result > 0) record('w', path, offset, bytes, result);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) { return guarded_pwrite(fd, bytes, length, offset); }
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return guarded_pwrite(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_write, fd, bytes, length);
  pthread_mutex_lock(&lock);
  ssize_t result = -1;
  if (!fails(CALL_WRITE)) {
    struct stat status;
    off_t offset = (fcntl(fd, F_GETFL) & O_APPEND) && fstat(fd, &status) == 0 ? status.st_size : lseek(fd, 0, SEEK_CUR);
    result = syscall(SYS_write, fd, bytes, length);
    if (result > 0) record('w', path, offset, bytes, result);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static ssize_t guarded_pread(int fd, void *bytes, size_t length, off64_t offset) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_pread64, fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  int failed = fails(CALL_READ);
  pthread_mutex_unlock(&lock);
  return failed ? -1 : syscall(SYS_pread64, fd, bytes, length, offset);
}
ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) { return guarded_pread(fd, bytes, length, offset); }
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { return guarded_pread(fd, bytes, length, offset); }

static int guarded_sync(int fd, int number) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(number, fd);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails(CALL_SYNC)) {
    result = syscall(number, fd);
    if (result == 0) record('s', path, 0, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return guarded_sync(fd, SYS_fsync); }
int fdatasync(int fd) { return guarded_sync(fd, SYS_fdatasync); }

static int guarded_truncate(int fd, off64_t length) {
  char path[PATH_MAX];
  if (!path_of(fd, path)) return syscall(SYS_ftruncate, fd, length);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails(CALL_TRUNCATE)) {
    result = syscall(SYS_ftruncate, fd, length);
    if (result == 0) record('t', path, length, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate64(int fd, off64_t length) { return guarded_truncate(fd, length); }
int ftruncate(int fd, off_t length) { return guarded_truncate(fd, length); }

int unlink(const char *path) {
  if (!is_ours(path)) return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails(CALL_UNLINK)) {
    result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0) record('u', path, 0, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int guarded_open(const char *path, int flags, mode_t mode) {
  if (!is_ours(path)) return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  pthread_mutex_lock(&lock);
  int result = fails(CALL_OPEN) ? -1 : syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  pthread_mutex_unlock(&lock);
  return result;
}
#define WITH_MODE(flags)                                   \
  mode_t mode = 0;                                         \
  if (flags & (O_CREAT | O_TMPFILE)) {                     \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    mode = va_arg(arguments, mode_t);                      \
    va_end(arguments);                                     \
  }
int open64(const char *path, int flags, ...) { WITH_MODE(flags) return guarded_open(path, flags, mode); }
int open(const char *path, int flags, ...) { WITH_MODE(flags) return guarded_open(path, flags, mode); }

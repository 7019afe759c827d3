/* A disk that fails, for one process: LD_PRELOAD this, and every call on a file below EIO_UNDER gives EIO as the file
   EIO_CONTROL says: `w` for writes and syncs, `r FROM TO INODE` for reads of that file that touch these offsets. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int fails(int fd, char kind, off_t from, size_t count)
{
    const char *under = getenv("EIO_UNDER"), *control = getenv("EIO_CONTROL");
    char said[64], link[32], path[512];
    long bad_from = 0, bad_to = 0, inode = 0, size;
    struct stat which;
    int told, kept = errno;
    if (under == NULL || control == NULL)
        return 0;
    told = syscall(SYS_openat, AT_FDCWD, control, O_RDONLY | O_CLOEXEC, 0);
    if (told < 0) {
        errno = kept;
        return 0;
    }
    size = syscall(SYS_read, told, said, sizeof said - 1);
    syscall(SYS_close, told);
    said[size > 0 ? size : 0] = 0;
    errno = kept;
    if (said[0] != kind)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = 0;
    errno = kept;
    if (strncmp(path, under, strlen(under)) != 0)
        return 0;
    if (kind == 'r') {
        if (sscanf(said + 1, "%ld %ld %ld", &bad_from, &bad_to, &inode) != 3)
            return 0;
        if (fstat(fd, &which) != 0 || (long)which.st_ino != inode)
            return 0;
        if (from + (off_t)count <= bad_from || from >= bad_to)
            return 0;
    }
    errno = EIO;
    return 1;
}

ssize_t pread64(int fd, void *into, size_t count, off_t at)
{
    return fails(fd, 'r', at, count) ? -1 : syscall(SYS_pread64, fd, into, count, at);
}

ssize_t pread(int fd, void *into, size_t count, off_t at) { return pread64(fd, into, count, at); }

ssize_t pwrite64(int fd, const void *from, size_t count, off_t at)
{
    return fails(fd, 'w', at, count) ? -1 : syscall(SYS_pwrite64, fd, from, count, at);
}

ssize_t pwrite(int fd, const void *from, size_t count, off_t at) { return pwrite64(fd, from, count, at); }

int fsync(int fd) { return fails(fd, 'w', 0, 0) ? -1 : syscall(SYS_fsync, fd); }

int fdatasync(int fd) { return fails(fd, 'w', 0, 0) ? -1 : syscall(SYS_fdatasync, fd); }

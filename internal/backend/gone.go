package backend

import "golang.org/x/sys/unix"

// Gone says whether the client has closed the connection (PostgreSQL: pq_check_connection). Any goroutine may ask.
func (c *Conn) Gone() bool {
	fds := [1]unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLRDHUP}}
	n, err := unix.Poll(fds[:], 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) != 0
}

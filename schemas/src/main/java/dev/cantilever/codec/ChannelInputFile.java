package dev.cantilever.codec;

import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import org.apache.parquet.io.DelegatingSeekableInputStream;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/** A channel as Parquet wants it, for one reader. Closing the stream leaves the channel open. */
final class ChannelInputFile implements InputFile {

  private final SeekableByteChannel channel;
  private final String name;

  ChannelInputFile(SeekableByteChannel channel, String name) {
    this.channel = channel;
    this.name = name;
  }

  @Override
  public long getLength() throws IOException {
    return channel.size();
  }

  @Override
  public SeekableInputStream newStream() {
    return new DelegatingSeekableInputStream(Channels.newInputStream(channel)) {
      @Override
      public long getPos() throws IOException {
        return channel.position();
      }

      @Override
      public void seek(long position) throws IOException {
        channel.position(position);
      }

      @Override
      public void close() {
        // The channel belongs to the record reader, which closes it.
      }
    };
  }

  @Override
  public String toString() {
    return name;
  }
}

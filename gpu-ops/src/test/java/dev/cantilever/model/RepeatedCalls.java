package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Recording;
import dev.cantilever.backend.Transfers;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A backend that holds its callers to what a recording demands of them: each run makes the calls of
 * the first, with the same addresses and numbers, and none that touches the host.
 */
final class RepeatedCalls {

  private final Backend backend;
  private final List<String> calls = new ArrayList<>();
  private boolean recording;
  private int repetitions;
  private int downloads;

  RepeatedCalls(Backend backend) {
    this.backend = backend;
  }

  /** Runs of recordings that were not the first. */
  int repetitions() {
    return repetitions;
  }

  /** How often anything was brought to the host, which waits for the device. */
  int downloads() {
    return downloads;
  }

  /** The backend to give to who is tested. */
  Backend checked() {
    return proxy(
        Backend.class,
        (self, method, arguments) -> {
          if (method.getName().equals("record")) {
            return record((Runnable) arguments[0]);
          }
          if (method.getName().equals("synchronize")) {
            assertThat(recording).as("waits within a recording").isFalse();
          }
          Object result = invoke(backend, method, arguments);
          return method.getReturnType().getSimpleName().endsWith("Ops")
                  || result instanceof Transfers
              ? family(method.getReturnType(), result)
              : result;
        });
  }

  private Object family(Class<?> type, Object operations) {
    return proxy(
        type,
        (self, method, arguments) -> {
          if (recording) {
            assertThat(method.getName()).isNotIn("upload", "download", "squaredNorm");
            calls.add(
                method.getName() + Arrays.stream(arguments).map(RepeatedCalls::described).toList());
          }
          if (method.getName().equals("download")) {
            downloads++;
          }
          return invoke(operations, method, arguments);
        });
  }

  private Recording record(Runnable operations) {
    List<String> first = new ArrayList<>();
    return Recording.calling(
        () -> {
          calls.clear();
          recording = true;
          try {
            operations.run();
          } finally {
            recording = false;
          }
          if (first.isEmpty()) {
            first.addAll(calls);
          } else {
            assertThat(calls).isEqualTo(first);
            repetitions++;
          }
        });
  }

  /** All that a kernel would be launched with. */
  private static String described(Object argument) {
    if (argument instanceof Tensor tensor) {
      return tensor + "@" + tensor.address();
    }
    if (argument instanceof PackedRows rows) {
      return Arrays.toString(rows.offsets()) + described(rows.deviceOffsets());
    }
    if (argument instanceof Optional<?> optional) {
      return optional.map(RepeatedCalls::described).orElse("none");
    }
    if (argument instanceof List<?> list) {
      return list.stream().map(RepeatedCalls::described).collect(Collectors.joining(","));
    }
    if (argument instanceof Record parts) {
      return Arrays.stream(parts.getClass().getRecordComponents())
          .map(component -> described(part(parts, component)))
          .collect(Collectors.joining(",", "(", ")"));
    }
    return String.valueOf(argument);
  }

  private static Object part(Record parts, RecordComponent component) {
    try {
      Method accessor = component.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(parts);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }
}

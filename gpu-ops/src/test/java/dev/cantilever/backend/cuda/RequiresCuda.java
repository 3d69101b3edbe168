package dev.cantilever.backend.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that need a CUDA device: without one each of them is reported as skipped. */
@Inherited
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag(RequiresCuda.TAG)
@ExtendWith(CudaDeviceAssumption.class)
@interface RequiresCuda {

  /** What tests on a device are tagged with. */
  String TAG = "gpu";
}

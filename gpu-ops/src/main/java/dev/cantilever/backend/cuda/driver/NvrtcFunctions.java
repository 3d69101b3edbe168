package dev.cantilever.backend.cuda.driver;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/** What is called of NVRTC, named as there; each returns 0 or an error. */
interface NvrtcFunctions extends Library {

  int nvrtcVersion(IntByReference major, IntByReference minor);

  String nvrtcGetErrorString(int error);

  int nvrtcCreateProgram(
      PointerByReference program,
      String source,
      String name,
      int headerCount,
      String[] headers,
      String[] includeNames);

  int nvrtcCompileProgram(Pointer program, int optionCount, String[] options);

  int nvrtcGetCUBINSize(Pointer program, LongByReference size);

  int nvrtcGetCUBIN(Pointer program, byte[] cubin);

  int nvrtcGetProgramLogSize(Pointer program, LongByReference size);

  int nvrtcGetProgramLog(Pointer program, byte[] log);

  int nvrtcDestroyProgram(PointerByReference program);
}

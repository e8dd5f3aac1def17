// SPDX-License-Identifier: GPL-2.0
// refused: __cxa_pure_virtual is undefined
// alone: without cxxrt/runtime.cpp
struct shape {
	virtual int area() const = 0;
	shape();
};
shape::shape()
{
}
